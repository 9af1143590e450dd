/** What menus and commands do with the cluster as a whole; what goes wrong is told in the top bar. */
import { faultKinds } from "../cluster/fault-catalogue.ts";
import { ClusterAdmin, nextNodeNames } from "../live/admin.ts";
import type { Session } from "../view/session.svelte.ts";

export function clusterDeeds(session: Session) {
  const admin = new ClusterAdmin(session.api);
  const tellIf = (complaint: string): void => {
    if (complaint) session.tell(complaint);
  };
  return {
    async addNodes(count: number): Promise<void> {
      const names = nextNodeNames(
        [...session.replica.nodes.values()].map((node) => node.name),
        count,
      );
      tellIf(await admin.addNodes(names));
    },
    async startFault(fault: unknown): Promise<boolean> {
      const complaint = await admin.startFault(fault);
      tellIf(complaint);
      return complaint === "";
    },
    async heal(name: string): Promise<void> {
      tellIf(await admin.heal(name));
    },
    /** What can break here, as the server's schema says. */
    faultKinds: async () => faultKinds(await admin.simSchema()),
    kubeconfig: () => admin.kubeconfig(),
    async copyKubeconfig(): Promise<boolean> {
      const text = await admin.kubeconfig();
      const copied = text !== "" && (await toClipboard(text));
      session.tell(copied ? "The kubeconfig is on the clipboard." : "The kubeconfig could not be copied.");
      return copied;
    },
  };
}

export async function toClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch (error) {
    // The browser may forbid it: the menu also offers the file.
    if (error instanceof DOMException || error instanceof TypeError) return false;
    throw error;
  }
}
