// Files that are imported as text.

declare module "*.py" {
  const text: string;
  export default text;
}

declare module "*.go" {
  const text: string;
  export default text;
}

declare module "*.mod" {
  const text: string;
  export default text;
}

declare module "*.rs" {
  const text: string;
  export default text;
}
