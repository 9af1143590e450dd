"""Facts: what happened, when, who did it and what caused it.

Watch events say what changed; facts say why and how. The nine steps, the animation, the
explanations and the scenario tests read facts, and none of them reaches into a component.
"""
