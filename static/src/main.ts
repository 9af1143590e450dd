import "@fontsource-variable/atkinson-hyperlegible-next";
import "@fontsource-variable/atkinson-hyperlegible-mono";
import "./lib/theme/tokens.css";
import "./lib/theme/base.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { openStream } from "./lib/live/socket.ts";

const target = document.getElementById("app");
if (!target) throw new Error("The page has no #app to mount on.");

/** With the page's own letters from the beginning, nothing moves when they come; nobody waits long for them. */
const LETTERS_MS = 400;
const families = ["Atkinson Hyperlegible Next Variable", "Atkinson Hyperlegible Mono Variable"];
await Promise.race([
  Promise.all(families.map((family) => document.fonts.load(`16px "${family}"`))),
  new Promise((resolve) => setTimeout(resolve, LETTERS_MS)),
]);

mount(App, { target, props: { connect: (session) => openStream("stage", session) } });
