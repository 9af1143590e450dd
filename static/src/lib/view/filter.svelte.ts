/** Which Pods the visitor wants to see: by namespace and label; the others are drawn faint. Kept in the URL. */
import { matches, parseFilter, type FilterTerms } from "../cluster/filter.ts";
import type { PodView } from "../live/protocol.ts";

export class Filter {
  /** As it was written: `ns=shop app=web tier`. */
  text = $state.raw("");
  readonly terms: FilterTerms = $derived(parseFilter(this.text));
  readonly on = $derived(this.terms.namespace !== "" || this.terms.labels.length > 0);

  shows(pod: PodView): boolean {
    return !this.on || matches(this.terms, pod);
  }
}
