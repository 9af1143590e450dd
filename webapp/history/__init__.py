"""The past of a room, over HTTP: the world as it was, the timeline, what changed, and when things went."""
