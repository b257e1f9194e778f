"""Plain text: prose, but for what is indented like code."""

from bot.domain.documents.values import Canvas, source_lines

_CODE_INDENT = ("    ", "\t")


def prose(text: str) -> dict[int, str]:
    """The lines that are not indented by four columns or more."""
    source = source_lines(text)
    canvas = Canvas(source, {})
    for line, content in enumerate(source):
        if not content.startswith(_CODE_INDENT):
            canvas.copy(line, 0, len(content))
    return canvas.lines()
