"""What a submission finds as ``classroom`` in the sandbox: its checks say nothing."""


def check(label, answer):
    pass


def identify(student):
    pass
