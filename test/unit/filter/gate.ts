/** A promise that a test settles. */
export function gate<T>(): { readonly promise: Promise<T>; open(value: T): Promise<void>; fail(cause: unknown): Promise<void> } {
  let resolve!: (value: T) => void;
  let reject!: (cause: unknown) => void;
  const promise = new Promise<T>((a, b) => {
    resolve = a;
    reject = b;
  });
  const turn = async (): Promise<void> => {
    for (let i = 0; i < 4; i++) await Promise.resolve();
  };
  return {
    promise,
    open: (value) => {
      resolve(value);
      return turn();
    },
    fail: (cause) => {
      reject(cause);
      return turn();
    },
  };
}
