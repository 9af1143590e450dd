/** How long a fault may last: each long enough for another thing to happen to a Node. */
export const DURATIONS = [
  { value: "30s", words: "30 s: nobody notices" },
  { value: "2m", words: "2 m: NotReady, then back" },
  { value: "10m", words: "10 m: Pods are replaced" },
  { value: "", words: "until it is healed" },
] as const;
