"""Where published numbers are looked for: sources, a polite and bounded crawl, and what was seen, as evidence."""

__all__: list[str] = []
