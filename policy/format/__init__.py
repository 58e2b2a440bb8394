"""Policy texts in the one layout that the servers' own `policy fmt` gives them."""

from policy.format.formatting import Formatted, format_policy
from policy.format.layout import format_document

__all__ = ["Formatted", "format_document", "format_policy"]
