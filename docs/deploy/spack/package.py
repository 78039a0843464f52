"""A Spack recipe. Copy it to packages/py_coevolve/package.py of a repository of yours, then
`spack install py-coevolve`. Python packages that Spack lacks come from pip at installation.
"""

from spack.package import depends_on, license, version
from spack_repo.builtin.build_systems.python import PythonPackage


class PyCoevolve(PythonPackage):
    """Verified pairs of serial and parallel HPC code, by two models that learn from them."""

    git = "file:///path/to/your/checkout/of/coevolve"
    maintainers = []

    license("Apache-2.0")
    version("main", branch="main")

    depends_on("python@3.11:3.12", type=("build", "run"))
    depends_on("py-pip", type=("build", "run"))
    depends_on("py-setuptools@77:", type="build")
    depends_on("py-torch@2.13.0", type=("build", "run"))
    depends_on("gcc@12: languages=c,c++,fortran", type="run")

    def install(self, spec, prefix):
        """Install the wheel with what it depends on into this package's prefix."""
        pip = self.spec["python"].command
        pip("-m", "pip", "install", f"--prefix={prefix}", ".")
