"""Reports: from records to pages of HTML that need no network and no server.

`build_report` writes the report of one run or several, `written_report` gives it as text;
`check_formulas` says which formulas of the statements cannot be typeset. Reports read records only,
as docs/records.md describes them: they run nothing and import no statement.
"""

from lemmata.reports.build import ReportError, build_report, written_report
from lemmata.reports.mathematics import check_formulas

__all__ = ["ReportError", "build_report", "check_formulas", "written_report"]
