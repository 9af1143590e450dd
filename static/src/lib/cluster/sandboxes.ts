/** What a Pod runs in, told apart by outline, icon and word. */
import type { PodView } from "../live/protocol.ts";

export interface SandboxLook {
  icon: "box" | "vm" | "hex";
  /** Where there is little room. */
  word: string;
  /** In a sentence. */
  words: string;
}

const LOOKS: Record<PodView["sandbox"], SandboxLook> = {
  container: { icon: "box", word: "containers", words: "in containers" },
  vm: { icon: "vm", word: "VM", words: "in a virtual machine" },
  wasm: { icon: "hex", word: "Wasm", words: "as WebAssembly" },
};

export const sandboxLook = (pod: Pick<PodView, "sandbox">): SandboxLook => LOOKS[pod.sandbox];
