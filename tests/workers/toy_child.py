"""A child that works, hangs, babbles or dies on request."""

import os
import time

from voiced.errors import InferenceError
from voiced.messages import Decision, EngineTimes, Verdict
from voiced.workers import child, protocol


def main(link: child.Link, options: child.Options) -> None:
    if options.get("fail"):
        raise InferenceError("the toy has no model\nand says so in one line")
    time.sleep(float(str(options.get("start_s", 0))))
    if options.get("warns"):
        link.send(protocol.Warned("the toy has seen better days"))
    link.send(protocol.Ready("toy", {"pid": os.getpid()}))
    progress = 0
    home = ""
    while True:
        message = link.receive()
        progress += 1
        match message:
            case protocol.Ping(request=request):
                link.send(protocol.Pong(request, progress))
            case protocol.LoadHome(request=request, home=content):
                home = str(content.get("name"))
                link.send(protocol.Done(request))
            case protocol.Say(request=request, text=text):
                link.send(protocol.Sounding(request, 1.0))
                if text == "hang":
                    time.sleep(60)
                elif text == "work":
                    while True:
                        pass
                elif text == "slowly":
                    time.sleep(0.1)
                elif text == "never":
                    continue
                elif text == "trouble":
                    link.send(protocol.Trouble("VoiceError", "no voice", request))
                elif text == "die":
                    os._exit(3)
                elif text == "raise":
                    raise RuntimeError("by intention")
                link.send(protocol.Done(request, 1.0, 20.0, cached=text == "cached"))
            case protocol.Decide(request=request, turn=turn) | protocol.AskText(request=request, turn=turn):
                decision = Decision(Verdict.NOT_FOR_ME, sentence=home, certainty=0.5)
                link.send(protocol.Decided(request, turn, decision, EngineTimes()))
            case protocol.Close():
                return


if __name__ == "__main__":
    child.run("voiced-toy", main)
