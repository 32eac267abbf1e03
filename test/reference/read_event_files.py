"""Reads a folder of event files with TensorBoard's own reader, and prints what it shows: scalars by tag, as JSON.

Usage: python read_event_files.py FOLDER
"""

import json
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

accumulator = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
accumulator.Reload()
print(
    json.dumps(
        {
            tag: [[event.step, event.value] for event in accumulator.Scalars(tag)]
            for tag in accumulator.Tags()["scalars"]
        }
    )
)
