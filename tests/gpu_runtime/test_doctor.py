"""What `coevolve doctor` says of a program."""

from gpu_runtime.doctor import check_machine


def test_a_compiler_is_shown_with_its_version(tmp_path, monkeypatch):
    """nvcc prints it in its fourth line."""
    tool = tmp_path / "nvcc"
    tool.write_text(
        "#!/bin/sh\necho 'nvcc: NVIDIA (R) Cuda compiler driver'\n"
        "echo 'Copyright (c) 2005-2025 NVIDIA Corporation'\n"
        "echo 'Cuda compilation tools, release 13.0, V13.0.88'\n"
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/local/bin:/usr/bin:/bin")
    (found,) = [each for each in check_machine() if each.name == "nvcc"]
    assert found.detail == "Cuda compilation tools, release 13.0, V13.0.88"
