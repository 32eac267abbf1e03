"""Training steps of the reference network in PyTorch: the peer that seed-step.ts, ethernet.ts and card/ measure beside.

3 x LSTM(512) with dropout 0.5 after each, one number a character, the symbol after a window of 100; Adam with Keras's
epsilon. One process, or with --world and --rank one of several under DistributedDataParallel over gloo, each with --batch windows.
Prints one JSON line: seconds of a step, over all steps but the first two, of each of these and of the shortest, and the processor
time of the median one. With --precision mixed the network and its loss are computed under autocast to bfloat16, the
optimizer in float32; with tf32 a card may round the factors of products to TF32, with float32 it may not.

With --serve it answers lines of JSON, {"windows": 64, "warmUp": 3, "warmUpSeconds": 0.5, "count": 30}, by {"gradientMs": [...], "stepMs": [...]}:
milliseconds of forward and backward pass alone, and of whole steps, each measured from and to a moment at which the device has
nothing to do.
"""

import argparse
import json
import statistics
import sys
import time

import torch
from torch.distributed.algorithms.ddp_comm_hooks import default_hooks

parser = argparse.ArgumentParser()
parser.add_argument("--steps", type=int, default=8)
parser.add_argument("--batch", type=int, default=64)
parser.add_argument("--window", type=int, default=100)
parser.add_argument("--vocabulary", type=int, default=39)
parser.add_argument("--units", type=int, default=512)
parser.add_argument("--layers", type=int, default=3)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--precision", choices=["float32", "tf32", "mixed"], default="float32")
parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
parser.add_argument("--serve", action="store_true")
parser.add_argument("--world", type=int, default=1)
parser.add_argument("--rank", type=int, default=0)
parser.add_argument("--master", default="127.0.0.1:29500")
parser.add_argument("--hook", choices=["none", "fp16"], default="none")
options = parser.parse_args()
torch.set_num_threads(options.threads)
torch.manual_seed(1)
torch.backends.cuda.matmul.allow_tf32 = options.precision == "tf32"
torch.backends.cudnn.allow_tf32 = options.precision == "tf32"


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        # PyTorch's own dropout stands between its layers; the last layer's output gets one more.
        self.lstm = torch.nn.LSTM(1, options.units, num_layers=options.layers, dropout=0.5, batch_first=True)
        self.dropout = torch.nn.Dropout(0.5)
        self.dense = torch.nn.Linear(options.units, options.vocabulary)

    def forward(self, windows):
        hidden, _ = self.lstm(windows)
        return self.dense(self.dropout(hidden[:, -1]))


network = Network().to(options.device)
if options.world > 1:
    torch.distributed.init_process_group(
        "gloo", init_method=f"tcp://{options.master}", rank=options.rank, world_size=options.world
    )
    network = torch.nn.parallel.DistributedDataParallel(network)
    if options.hook == "fp16":
        network.register_comm_hook(None, default_hooks.fp16_compress_hook)
optimizer = torch.optim.Adam(network.parameters(), lr=0.001, eps=1e-7)
loss_of = torch.nn.CrossEntropyLoss()


def synchronize():
    """Kernels on a card are only queued by the calls that want them."""
    if options.device == "cuda":
        torch.cuda.synchronize()


def timed(batch, with_optimizer):
    """Seconds of a step on new windows, and of the processor."""
    symbols = torch.randint(options.vocabulary, (batch, options.window + 1)).to(options.device)
    windows = symbols[:, :-1, None].float() / options.vocabulary
    synchronize()
    started = time.perf_counter()
    processor_started = time.process_time()
    optimizer.zero_grad(set_to_none=True)
    with torch.autocast(options.device, dtype=torch.bfloat16, enabled=options.precision == "mixed"):
        loss = loss_of(network(windows), symbols[:, -1])
    loss.backward()
    if with_optimizer:
        optimizer.step()
    loss.item()
    synchronize()
    return time.perf_counter() - started, time.process_time() - processor_started


def milliseconds(question, with_optimizer):
    """Of steps behind the first, which last for a number of steps and for a time."""
    began = time.perf_counter()
    turns = 0
    while turns < question["warmUp"] or time.perf_counter() - began < question["warmUpSeconds"]:
        timed(question["windows"], with_optimizer)
        turns += 1
    return [1000 * timed(question["windows"], with_optimizer)[0] for _ in range(question["count"])]


def answer(question):
    if question.get("ask") == "describe":
        cudnn = torch.backends.cudnn.version() if options.device == "cuda" else None
        return {"torch": torch.__version__, "cuda": torch.version.cuda, "cudnn": cudnn}
    return {"gradientMs": milliseconds(question, False), "stepMs": milliseconds(question, True)}


if options.serve:
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line))
        except RuntimeError as error:
            reply = {"error": str(error)}
        print(json.dumps(reply), flush=True)
else:
    measured = [timed(options.batch, True) for _ in range(options.steps)][2:]
    seconds = [each for each, _ in measured]
    print(
        json.dumps(
            {
                "secondsPerStep": sum(seconds) / len(seconds),
                "seconds": seconds,
                "least": min(seconds),
                "processorSeconds": statistics.median(each for _, each in measured),
                "torch": torch.__version__,
            }
        )
    )
