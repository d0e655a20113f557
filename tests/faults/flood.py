"""States at a pace: `python -m tests.faults.flood PORT TOPIC A_SECOND`. At SIGTERM it prints how many were sent."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

BLOCKS_A_SECOND = 50
STATE = b'{"state": "ON"}\n'


def main() -> int:
    port, topic, wanted = sys.argv[1], sys.argv[2], int(sys.argv[3])
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    publisher = subprocess.Popen(
        ["mosquitto_pub", "-h", "127.0.0.1", "-p", port, "-t", topic, "-l"], stdin=subprocess.PIPE
    )
    assert publisher.stdin is not None
    began, block = time.monotonic(), STATE * (wanted // BLOCKS_A_SECOND)
    blocks = 0
    try:
        while publisher.poll() is None:
            publisher.stdin.write(block)
            publisher.stdin.flush()
            blocks += 1
            time.sleep(max(0.0, began + blocks / BLOCKS_A_SECOND - time.monotonic()))
    except KeyboardInterrupt:
        print(blocks * len(block) / len(STATE) / (time.monotonic() - began))
    finally:
        publisher.kill()
        publisher.wait()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
