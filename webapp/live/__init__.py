"""The live stream to browsers: what the picture needs, as snapshot, coalesced deltas and facts."""
