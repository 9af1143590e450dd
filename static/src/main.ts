import "@fontsource-variable/atkinson-hyperlegible-next";
import "@fontsource-variable/atkinson-hyperlegible-mono";
import "./lib/theme/tokens.css";
import "./lib/theme/base.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { openStream } from "./lib/live/socket.ts";

const target = document.getElementById("app");
if (!target) throw new Error("The page has no #app to mount on.");

mount(App, { target, props: { connect: (session) => openStream("stage", session) } });
