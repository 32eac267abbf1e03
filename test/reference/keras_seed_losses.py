"""Takes the reference network's first steps in Keras, from our first values and in our order of windows, without dropout.

    node test/dist/reference/export-seed-run.js CORPUS FOLDER STEPS
    KERAS_BACKEND=tensorflow python keras_seed_losses.py FOLDER golden/seed-losses.json

Keras's own LSTM, Dense, categorical cross-entropy and Adam, float32. Writes the loss of each step, in nats, as it was
before the step's update.
"""

import json
import sys

import keras
import numpy as np

folder, output = sys.argv[1:]
run = json.load(open(f"{folder}/run.json"))
parameters = np.fromfile(f"{folder}/parameters.f32", "<f4")
ids = np.fromfile(f"{folder}/ids.i32", "<i4")
windows = np.fromfile(f"{folder}/windows.i32", "<i4").reshape(-1, run["batch"])
length, vocabulary = run["window"], run["vocabularySize"]

model = keras.Sequential(
    [
        keras.Input((length, 1)),
        keras.layers.LSTM(512, return_sequences=True),
        keras.layers.LSTM(512, return_sequences=True),
        keras.layers.LSTM(512),
        keras.layers.Dense(vocabulary, activation="softmax"),
    ]
)
weights, offset = [], 0
for tensor in run["tensors"]:
    size = int(np.prod(tensor["shape"]))
    weights.append(parameters[offset : offset + size].reshape(tensor["shape"]))
    offset += size
model.set_weights(weights)
model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.Adam())

losses = []
for starts in windows:
    rows = ids[starts[:, None] + np.arange(length + 1)]
    x = (rows[:, :-1, None] / vocabulary).astype("float32")
    y = keras.utils.to_categorical(rows[:, -1], vocabulary)
    losses.append(float(model.train_on_batch(x, y)))
    # Keras 3 gives the mean since the metrics were reset.
    model.reset_metrics()
    print(len(losses), losses[-1], flush=True)
json.dump({"keras": keras.__version__, "backend": keras.backend.backend(), "losses": losses}, open(output, "w"), indent=1)
