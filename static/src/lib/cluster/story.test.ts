import { expect, it } from "vitest";
import { demoMoments, demoSnapshot, pictureRoom } from "../live/demo.ts";
import type { JourneyView, PodView } from "../live/protocol.ts";
import { headlineFor } from "./headline.ts";
import { noMoments, reduceFacts } from "./moments.ts";
import { chooseStory, toldJourney, type StoryInput } from "./story.ts";

const template = demoMoments()[0]?.delta.journeys[0] as JourneyView;
const pod = demoSnapshot(pictureRoom).pods[0] as PodView;

function journey(podUid: string, current: number, finished = 0): JourneyView {
  const steps = template.steps.map((step) => ({
    ...step,
    at: null,
    until: step.step === 9 ? finished : null,
  }));
  return { ...template, podUid, current, steps };
}

function input(
  journeys: JourneyView[],
  created: Record<string, number>,
  extra: Partial<StoryInput>,
): StoryInput {
  const pods = Object.entries(created).map(([uid, at]): [string, PodView] => [
    uid,
    { ...pod, uid, created: at },
  ]);
  const byUid = journeys.map((one): [string, JourneyView] => [one.podUid, one]);
  return {
    selected: null,
    previous: null,
    lingering: false,
    journeys: new Map(byUid),
    pods: new Map(pods),
    ...extra,
  };
}

it("tells about the selected Pod before any other", () => {
  const all = [journey("a", 3), journey("b", 10)];

  expect(chooseStory(input(all, { a: 1, b: 2 }, { selected: "b" }))).toBe("b");
});

it("follows the newest Pod on its way, else the last to finish", () => {
  expect(
    chooseStory(input([journey("a", 3), journey("b", 4), journey("c", 10)], { a: 1, b: 2, c: 3 }, {})),
  ).toBe("b");
  expect(chooseStory(input([journey("a", 10, 5), journey("b", 10, 9)], { a: 1, b: 2 }, {}))).toBe("b");
});

it("does not leave a Pod on its way for its sibling, but for a clearly newer Pod", () => {
  const both = [journey("a", 5), journey("b", 5)];

  expect(chooseStory(input(both, { a: 0, b: 5 }, { previous: "a" }))).toBe("a");
  expect(chooseStory(input(both, { a: 0, b: 5000 }, { previous: "a" }))).toBe("b");
});

it("lets a finished story be looked at before the next one", () => {
  const both = [journey("a", 10, 4), journey("b", 5)];

  expect(chooseStory(input(both, { a: 0, b: 5 }, { previous: "a", lingering: true }))).toBe("a");
  expect(chooseStory(input(both, { a: 0, b: 5 }, { previous: "a" }))).toBe("b");
});

it("does not come back to a Pod that keeps failing once another has moved", () => {
  const room = input([journey("a", 9), journey("b", 10, 9)], { a: 0, b: 5 }, { previous: "b" });
  const pods = new Map([...room.pods, ["a", { ...pod, uid: "a", state: "failing" as const }]]);

  expect(chooseStory({ ...room, pods })).toBe("b");
});

it("tells a refused request at once, until it has been told long enough", () => {
  const refused = journey("request-7", 4, 20);
  const room = input([journey("a", 10, 9), refused], { a: 5 }, { previous: "a", lingering: true });

  expect(chooseStory(room)).toBe("request-7");
  expect(chooseStory({ ...room, stale: new Set(["request-7"]) })).toBe("a");
});

it("shows a Pod that fails as failed where it stands", () => {
  const failing = { ...pod, state: "failing" as const };

  expect(toldJourney(journey("a", 9), failing).steps[8]?.outcome).toBe("failed");
  expect(toldJourney(journey("a", 10), failing).steps[8]?.outcome).toBe("failed");
  expect(toldJourney(journey("a", 9), pod).steps[8]?.outcome).not.toBe("failed");
});

it("says in one sentence how the cluster is when nothing is on its way", () => {
  const room = demoSnapshot(pictureRoom);

  const headline = headlineFor({ journey: undefined, pod: undefined, selected: false, now: 0, ...room });

  expect(headline.text).toBe("3 Nodes ready, 9 Pods running, 1 failing.");
});

it("learns the scheduler's verdicts and the last request from facts", () => {
  const facts = demoMoments().flatMap((moment) => moment.facts.facts);

  const { scheduling, request, stored } = reduceFacts(noMoments, facts);

  expect(request).toMatchObject({ actor: "kubectl", verb: "create", resource: "pods" });
  expect(stored).toMatchObject({ resource: "pods", revision: 1042 });
  expect(scheduling.get("pod-web-x2k4p")).toMatchObject({ total: 3, feasibleCount: 2, chosen: "worker-2" });
});
