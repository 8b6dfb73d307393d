// Sides of the manifest's icon files, in pixels: toolbar, list of extensions, installation.
export const iconSizes = [16, 32, 48, 128] as const;
