// What the build makes of an import that ends in ?url: the address of a packaged file.
declare module '*?url' {
  const url: string;
  export default url;
}
