"""Work in the street (外业): answers to tasks that a phone may send late and more than once."""

from cityops.cases.fieldwork.answers import Answered, FieldAnswers, NewAnswer
from cityops.cases.fieldwork.tables import field_answer_table

__all__ = ["Answered", "FieldAnswers", "NewAnswer", "field_answer_table"]
