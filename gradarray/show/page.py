"""What all pages of the site are made of: the frame, the code, and links to what is explained on another page."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import escape

from .docstrings import paragraphs
from .sessions import PROMPT

STYLE = "style.css"
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="description" content="{about}">
<title>{title}</title>
<link rel="stylesheet" href="{style}">
</head>
<body>
{body}</body>
</html>
"""
# Code and citations, as docstrings mark them.
_MARKED = re.compile(r"(``.+?``|`[^`]+`|\[\w+\]_)", flags=re.DOTALL)

# Where a piece of code is explained, or None.
Finder = Callable[[str], str | None]


def nowhere(_text: str) -> None:
    """Find no page for any code."""
    return None


def framed(title: str, about: str, body: Sequence[str]) -> str:
    """Return a page: its body in the frame that all pages have."""
    lines = "".join(f"{line}\n" for line in body)
    return _PAGE.format(title=escape(title), about=escape(about), style=STYLE, body=lines)


def code_block(text: str) -> str:
    """Return code, or a session at a prompt, as HTML."""
    is_session = text.startswith(">>> ")
    lines = [_line(line) if is_session else escape(line) for line in text.rstrip("\n").split("\n")]
    return f'<pre tabindex="0"><code>{chr(10).join(lines)}</code></pre>\n'


def _line(line: str) -> str:
    prompt = PROMPT.match(line)
    if prompt is None:
        # A session has this for an empty line, which would end the output.
        return f'<span class="output">{escape(line)}</span>' if line != "<BLANKLINE>" else ""
    return f'<span class="prompt">{escape(prompt[1])}</span><span class="typed">{escape(prompt[2])}</span>'


def link(href: str, html: str) -> str:
    """Return HTML as a link."""
    return f'<a href="{escape(href)}">{html}</a>'


def code(text: str, find: Finder) -> str:
    """Return a piece of code in a sentence, as a link if it is explained elsewhere."""
    html, href = f"<code>{escape(text)}</code>", find(text)
    return html if href is None else link(href, html)


def inline(text: str, find: Finder, cited: Sequence[str] = ()) -> str:
    """Return a sentence of a docstring as HTML.

    Parameters
    ----------
    text : the sentence
    find : where a piece of code is explained
    cited : the labels of the works that the page lists
    """
    html: list[str] = []
    for part in _MARKED.split(text):
        if part.startswith("`"):
            marked = " ".join(part.strip("`").split())
            # "see `drop_in`" means the function, whatever parameter is called so.
            href = find(f"ga.{marked}") if html and html[-1].split()[-1:] == ["see"] else None
            html.append(code(marked, find) if href is None else link(href, f"<code>{escape(marked)}</code>"))
        elif part.endswith("]_") and part[1:-2] in cited:
            html.append(f'<a href="#work-{part[1:-2]}">[{part[1:-2]}]</a>')
        else:
            html.append(escape(part))
    return "".join(html)


def prose(text: str, find: Finder, cited: Sequence[str] = ()) -> str:
    """Return the paragraphs of a docstring as HTML, code among them."""
    return "".join(
        code_block(text) if is_code else f"<p>{inline(text, find, cited)}</p>\n" for text, is_code in paragraphs(text)
    )


def plain(text: str) -> str:
    """Return a sentence of a docstring without its marks."""
    return _MARKED.sub(lambda match: match[1].strip("`") if match[1][0] == "`" else "", text)
