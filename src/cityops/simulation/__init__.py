"""A city that speaks the real protocols (仿真): trucks over JT/T 808, crews over HTTP, recorded tracks and frames."""

from cityops.simulation.replay import (
    FramesSent,
    Track,
    read_frames,
    read_tracks,
    replay_frames,
    replay_tracks,
    track_locations,
)
from cityops.simulation.terminal import Identity, Terminal
from cityops.simulation.town import Orders, identity_of, run_town

__all__ = [
    "FramesSent",
    "Identity",
    "Orders",
    "Terminal",
    "Track",
    "identity_of",
    "read_frames",
    "read_tracks",
    "replay_frames",
    "replay_tracks",
    "run_town",
    "track_locations",
]
