import { expect, it } from "vitest";
import { demoPod, demoSnapshot, pictureRoom } from "../live/demo.ts";
import type { ServiceView } from "../live/protocol.ts";
import { sourcesFor } from "./sources.ts";

const [first] = demoSnapshot(pictureRoom).services as [ServiceView];
const web: ServiceView = {
  ...first,
  type: "ClusterIP",
  externalIp: "",
  namespace: "default",
  selector: { app: "web" },
};
const server = demoPod({ name: "web-1", labels: { "pod-template-hash": "6d4b", app: "web" } });
const client = demoPod({ name: "client", labels: { run: "client" } });

it("lets other Pods of the Namespace send, by the label that people gave them", () => {
  expect(sourcesFor(web, [server, client])).toEqual([
    { labels: { run: "client" }, words: "Pods labelled run=client" },
  ]);
});

it("lets the Pods behind the Service call each other when there is nobody else", () => {
  expect(sourcesFor(web, [server])).toEqual([{ labels: { app: "web" }, words: "Pods labelled app=web" }]);
});

it("offers the outside only where the Service can be reached from there", () => {
  expect(sourcesFor({ ...web, type: "NodePort" }, [client]).map((one) => one.words)).toContain("outside");
});
