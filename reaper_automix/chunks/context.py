"""What the readers of a project's parts share, and the notes that they gather for the user."""

from __future__ import annotations

from dataclasses import dataclass, field

from reaper_automix.chunks.envelopes import Pool, parse_envelope
from reaper_automix.chunks.lines import Chunk
from reaper_automix.chunks.media import MediaFinder
from reaper_automix.errors import ProjectSyntaxError
from reaper_automix.session import Envelope, EnvelopeKind


@dataclass(slots=True)
class Reading:
    """The state of one reading of a project: its settings that parts need, and the notes so far."""

    media: MediaFinder
    sample_rate_hz: int | None = None
    project_attach: int = 0
    pools: dict[int, Pool] = field(default_factory=dict)
    _noted: dict[str, None] = field(default_factory=dict)

    def note(self, text: str) -> None:
        """Remember something that could not be represented; the same words are kept once."""
        self._noted[text] = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What was noted, in order."""
        return tuple(self._noted)

    def envelope(self, chunk: Chunk, kind: EnvelopeKind) -> Envelope:
        """Read an envelope chunk.

        Raises
        ------
        ProjectSyntaxError
            If a number in it is malformed.
        """
        lines = list(chunk.all_lines())
        try:
            envelope = parse_envelope(
                [line.text for line in lines], kind, pools=self.pools, project_attach=self.project_attach
            )
        except ProjectSyntaxError as error:
            raise ProjectSyntaxError(None, lines[error.line_number - 1].number, error.problem) from None
        if kind.is_volume and envelope.automation_items:
            self.note("Automation items lie on a volume envelope; how REAPER scales their levels is an assumption.")
        return envelope
