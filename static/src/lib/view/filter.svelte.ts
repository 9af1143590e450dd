/** Which Pods the visitor wants to see: by namespace, phase, Node and label; the others are drawn faint. Kept in the URL. */
import { isDrawn, isEmpty, matches, parseFilter, type FilterTerms } from "../cluster/filter.ts";
import type { PodView } from "../live/protocol.ts";

export class Filter {
  /** As it was written: `ns=shop app=web tier`. */
  text = $state.raw("");
  readonly terms: FilterTerms = $derived(parseFilter(this.text));
  readonly on = $derived(!isEmpty(this.terms));

  /** The cluster's own add-ons are drawn whatever is asked for. */
  system = $state.raw(false);

  draws(pod: PodView): boolean {
    return this.system || isDrawn(this.terms, pod);
  }

  shows(pod: PodView): boolean {
    return !this.on || matches(this.terms, pod);
  }
}
