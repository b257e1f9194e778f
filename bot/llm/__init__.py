"""A model behind any OpenAI-compatible endpoint: asked with no tools, believed only as far as its answer's type."""
