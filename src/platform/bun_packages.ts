/** Modules that Bun loads from now on find these packages by their names; in an executable too, where nothing else would be found by name. */
export function offerBunPackages(packages: ReadonlyMap<string, object>): void {
  Bun.plugin({
    name: "weir",
    setup: (build) => {
      // Not `onResolve`: an executable asks it for no bare name, and finds no package for itself.
      for (const [name, exports] of packages) build.module(name, () => ({ exports: { ...exports }, loader: "object" }));
    },
  });
}
