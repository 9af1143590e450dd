import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

const backend = "http://127.0.0.1:8080";

export default defineConfig(({ command }) => ({
  // Flask serves static/dist at /static; while developing, Vite serves from the root.
  base: command === "build" ? "/static/" : "/",
  plugins: [svelte()],
  build: {
    outDir: "dist",
    manifest: true,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rolldownOptions: { input: "src/main.ts" },
  },
  server: {
    host: "127.0.0.1",
    port: 5173,
    proxy: {
      "/socket.io": { target: backend, ws: true },
      "/api": backend,
      "/apis": backend,
      "/openapi": backend,
      "/explain": backend,
    },
  },
  test: {
    include: ["src/**/*.test.ts"],
    environment: "node",
  },
}));
