"""Documents of cases (文书): numbered, made from templates in a step's transaction, kept as docx and pdf."""

from cityops.cases.documents.book import MEDIA_TYPES, DocumentFile, DocumentForm, Documents, DocumentView
from cityops.cases.documents.effect import document_effects
from cityops.cases.documents.filling import FilledDocument, fill
from cityops.cases.documents.font import font_file
from cityops.cases.documents.values import Value, amount_in_capitals

__all__ = [
    "MEDIA_TYPES",
    "DocumentFile",
    "DocumentForm",
    "DocumentView",
    "Documents",
    "FilledDocument",
    "Value",
    "amount_in_capitals",
    "document_effects",
    "fill",
    "font_file",
]
