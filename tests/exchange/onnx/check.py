"""check.py FOLDER: ONNX's own checker, with inference of all shapes, on each .onnx file."""

import pathlib
import sys

import onnx

files = sorted(pathlib.Path(sys.argv[1]).glob("*.onnx"))
failed = 0
for file in files:
    try:
        onnx.checker.check_model(onnx.load(str(file)), full_check=True)
    except Exception as error:  # of several kinds that have no base of their own
        failed += 1
        print(f"{file.name}: {error}")
print(f"onnx.checker: {len(files)} files, {failed} refused")
sys.exit(1 if failed or not files else 0)
