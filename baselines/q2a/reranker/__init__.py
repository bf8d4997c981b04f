"""Q2A as a re-ranker of lists of the challenge, the kit's own use of it. Source: docs/spec/q2a.md, section 6."""
