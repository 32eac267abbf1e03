"""One training step of the reference network in PyTorch: the peer that seed-step.ts measures beside.

3 x LSTM(512) with dropout 0.5 after each, one number a character, the symbol after a window of 100; Adam with Keras's
epsilon. One process. Prints one JSON line: seconds of a step, over all steps but the first two,
of the shortest, and the processor time of the median one. With --precision mixed the
network and its loss are computed under autocast to bfloat16, the optimizer in float32.
"""

import argparse
import json
import statistics
import time

import torch

parser = argparse.ArgumentParser()
parser.add_argument("--steps", type=int, default=8)
parser.add_argument("--batch", type=int, default=64)
parser.add_argument("--window", type=int, default=100)
parser.add_argument("--vocabulary", type=int, default=39)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--precision", choices=["float32", "mixed"], default="float32")
options = parser.parse_args()
torch.set_num_threads(options.threads)
torch.manual_seed(1)


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        # PyTorch's own dropout stands between its layers; the last layer's output gets one more.
        self.lstm = torch.nn.LSTM(1, 512, num_layers=3, dropout=0.5, batch_first=True)
        self.dropout = torch.nn.Dropout(0.5)
        self.dense = torch.nn.Linear(512, options.vocabulary)

    def forward(self, windows):
        hidden, _ = self.lstm(windows)
        return self.dense(self.dropout(hidden[:, -1]))


network = Network()
optimizer = torch.optim.Adam(network.parameters(), lr=0.001, eps=1e-7)
loss_of = torch.nn.CrossEntropyLoss()
seconds = []
processor_seconds = []
for _ in range(options.steps):
    symbols = torch.randint(options.vocabulary, (options.batch, options.window + 1))
    windows = symbols[:, :-1, None].float() / options.vocabulary
    started = time.perf_counter()
    processor_started = time.process_time()
    optimizer.zero_grad(set_to_none=True)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=options.precision == "mixed"):
        loss = loss_of(network(windows), symbols[:, -1])
    loss.backward()
    optimizer.step()
    loss.item()
    seconds.append(time.perf_counter() - started)
    processor_seconds.append(time.process_time() - processor_started)
measured = seconds[2:]
print(
    json.dumps(
        {
            "secondsPerStep": sum(measured) / len(measured),
            "least": min(measured),
            "processorSeconds": statistics.median(processor_seconds[2:]),
            "torch": torch.__version__,
        }
    )
)
