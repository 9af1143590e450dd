import { expect, it } from "vitest";
import { faultKinds, faultObject } from "./fault-catalogue.ts";

const documentWith = (...types: string[]) => ({
  components: {
    schemas: { "dev.podarium.sim.v1alpha1.FaultSpec": { properties: { type: { enum: types } } } },
  },
});

it("offers the types that the schema offers, also one that it has no words for", () => {
  const kinds = faultKinds(documentWith("NodeDown", "ClockSkew"));

  expect(kinds.map(({ type, title }) => [type, title])).toEqual([
    ["NodeDown", "The Node loses power"],
    ["ClockSkew", "Clock Skew"],
  ]);
});

it("aims at a container with numbers as numbers", () => {
  const [crash] = faultKinds(documentWith("ContainerCrash"));
  if (!crash) throw new Error("no ContainerCrash");

  const fault = faultObject(crash, { namespace: "shop", pod: "web", container: "app" }, "", {
    exitCode: "3",
  });

  expect(fault).toMatchObject({
    metadata: { generateName: "containercrash-web-" },
    spec: {
      type: "ContainerCrash",
      target: { namespace: "shop", pod: "web", container: "app" },
      exitCode: 3,
      repeat: 1,
    },
  });
});

it("needs no target for the API server", () => {
  const [down] = faultKinds(documentWith("ApiServerDown"));
  if (!down) throw new Error("no ApiServerDown");

  expect(faultObject(down, {}, "2m")).toMatchObject({ spec: { type: "ApiServerDown", duration: "2m" } });
  expect(faultObject(down, {}, "2m")).not.toHaveProperty("spec.target");
});
