/** The front end's direction: live ← cluster ← layout ← view ← the regions ← App. */
const regions = "scene|journey|inspector|controls|manifest|timeline|owners";

module.exports = {
  forbidden: [
    { name: "no-circles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "protocol-stands-alone",
      severity: "error",
      from: { path: "^src/lib/live/protocol" },
      to: { path: "." },
    },
    {
      name: "live-knows-only-live",
      severity: "error",
      from: { path: "^src/lib/live/" },
      to: { path: "^src/lib/(?!live/)" },
    },
    {
      name: "cluster-knows-live",
      severity: "error",
      from: { path: "^src/lib/cluster/" },
      to: { path: "^src/lib/(?!live/|cluster/)" },
    },
    {
      name: "layout-knows-cluster",
      severity: "error",
      from: { path: "^src/lib/layout/" },
      to: { path: "^src/lib/(?!live/|cluster/|layout/)" },
    },
    {
      name: "view-knows-no-region",
      severity: "error",
      from: { path: "^src/lib/view/" },
      to: { path: `^src/lib/(${regions})/` },
    },
    {
      name: "theme-stands-alone",
      severity: "error",
      from: { path: "^src/lib/theme/" },
      to: { path: "^src/lib/(?!theme/)" },
    },
    {
      name: "regions-do-not-know-one-another",
      severity: "error",
      from: { path: `^src/lib/(${regions})/` },
      to: { path: `^src/lib/(${regions})/`, pathNot: "^src/lib/$1/" },
    },
    {
      name: "the-demo-stays-out-of-the-page",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/demo|\\.test\\.ts$" },
      to: { path: "^src/lib/live/demo" },
    },
    {
      name: "nobody-imports-the-app",
      severity: "error",
      from: { path: "^src/lib/" },
      to: { path: "^src/(App|main)" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: [".ts", ".svelte", ".svelte.ts", ".js"] },
  },
};
