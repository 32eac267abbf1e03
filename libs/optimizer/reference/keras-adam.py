"""Writes adam.json: what Keras's Adam makes of a small vector over 300 steps, plain, with a global clip norm, and as AdamW
with a rate that changes from step to step.

Run with KERAS_BACKEND=torch (or another) and Keras 3: `python keras-adam.py > adam.json`. Keras computes in float64 here,
so that the numbers show the formula and not float32's rounding; ours stores float32, hence the test's tolerance.

The gradients are a formula of integers, the same in adam.spec.ts: they lie on a grid and are a sum over windows.
"""
import json
import sys

import keras
import numpy as np

keras.config.set_floatx("float64")

ELEMENTS, STEPS, WINDOWS = 8, 300, 48
EXPONENT = -20
SAVED_STEPS = (1, 2, 3, 10, 100, 300)


def quanta(step: int) -> np.ndarray:
    """Element i of step s: a mix of large, small and zero values. Some elements are zero in most steps."""
    values = []
    for i in range(ELEMENTS):
        q = (step * 7919 + i * 104729 + step * i * 31) % 200001 - 100000
        if i == 6 and step % 10 != 0:
            q = 0
        if i == 7:
            q = q // 50000
        values.append(q)
    return np.array(values, dtype=np.float64)


def run(optimizer: keras.optimizers.Optimizer, rates: list[float] | None = None) -> list[dict]:
    variable = keras.Variable(np.array([(i - 3.5) / 10 for i in range(ELEMENTS)]), dtype="float64")
    optimizer.build([variable])
    saved = []
    for step in range(1, STEPS + 1):
        if rates is not None:
            optimizer.learning_rate = rates[step - 1]
        gradient = quanta(step) * 2.0**EXPONENT / WINDOWS
        optimizer.apply([keras.ops.convert_to_tensor(gradient, dtype="float64")])
        if step in SAVED_STEPS:
            numpy = keras.ops.convert_to_numpy
            saved.append(
                {
                    "step": step,
                    "parameters": numpy(variable).tolist(),
                    "m": numpy(optimizer._momentums[0]).tolist(),
                    "v": numpy(optimizer._velocities[0]).tolist(),
                }
            )
    return saved


# The clip norm lies in the middle of the gradients' norms, so some steps are clipped and others are not.
CLIP_NORM = 0.003
norms = [float(np.linalg.norm(quanta(step) * 2.0**EXPONENT / WINDOWS)) for step in range(1, STEPS + 1)]
clipped = sum(norm > CLIP_NORM for norm in norms)

# A decay that shows in 300 steps, and a rate of 0.001 that halves every 100 steps.
WEIGHT_DECAY = 0.5
RATES = [0.001 * 0.5 ** ((step - 1) // 100) for step in range(1, STEPS + 1)]

json.dump(
    {
        "keras": keras.__version__,
        "clipNorm": CLIP_NORM,
        "clippedSteps": clipped,
        "plain": run(keras.optimizers.Adam(learning_rate=0.001)),
        "clipped": run(keras.optimizers.Adam(learning_rate=0.001, global_clipnorm=CLIP_NORM)),
        "weightDecay": WEIGHT_DECAY,
        "decayed": run(keras.optimizers.AdamW(weight_decay=WEIGHT_DECAY), RATES),
    },
    sys.stdout,
    indent=1,
)
print()
