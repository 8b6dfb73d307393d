// Draws an icon's layers on a canvas; used by the worker for the toolbar and by icons/render.ts for the files.
import { iconGrid, type Layer } from './icon-shapes.ts';

/** The icon as pixels, `size` wide and high, on nothing. */
export function drawIcon(layers: readonly Layer[], size: number): ImageData {
  const canvas = new OffscreenCanvas(size, size);
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('no canvas');
  context.scale(size / iconGrid, size / iconGrid);
  context.lineCap = 'round';
  context.lineJoin = 'round';
  for (const { path, fill, stroke, erase } of layers) {
    const shape = new Path2D(path);
    context.globalCompositeOperation = erase === true ? 'destination-out' : 'source-over';
    if (fill !== undefined) {
      context.fillStyle = fill;
      context.fill(shape);
    }
    if (stroke !== undefined) {
      context.strokeStyle = stroke.colour;
      context.lineWidth = stroke.width;
      context.stroke(shape);
    }
  }
  return context.getImageData(0, 0, size, size);
}
