"""What each ecosystem's command prints, written by hand in its true format, and some of the versions in it."""

from typing import Final

REPORTS: Final[dict[str, tuple[str, dict[str, str]]]] = {
    "pytorch": (
        """Collecting environment information...
PyTorch version: 2.4.1+cu121
Is debug build: False
CUDA used to build PyTorch: 12.1
ROCM used to build PyTorch: N/A

OS: Ubuntu 22.04.4 LTS (x86_64)
GCC version: (Ubuntu 11.4.0-1ubuntu1~22.04) 11.4.0
Clang version: Could not collect
CMake version: version 3.30.2
Libc version: glibc-2.35

Python version: 3.10.12 (main, Sep 11 2024, 15:47:36) [GCC 11.4.0] (64-bit runtime)
Python platform: Linux-6.8.0-45-generic-x86_64-with-glibc2.35
Is CUDA available: True
CUDA runtime version: 12.1.105

Versions of relevant libraries:
[pip3] numpy==1.26.4
[pip3] torch==2.4.1
""",
        {"pytorch": "2.4.1+cu121", "cuda": "12.1", "system": "Ubuntu 22.04.4 LTS (x86_64)"},
    ),
    "tensorflow": ("v2.16.1-0-g5bc9d26649c 2.16.1\n", {"tensorflow": "2.16.1"}),
    "jax": (
        """jax:    0.4.33
jaxlib: 0.4.33
numpy:  1.26.4
python: 3.11.9 (main, Apr  6 2024, 17:59:24) [GCC 13.2.0]
device info: NVIDIA A100-SXM4-40GB-1, 1 local devices"
process_count: 1
platform: uname_result(system='Linux', node='box', release='5.15.0-1', version='#1 SMP', machine='x86_64')
""",
        {"jax": "0.4.33", "jaxlib": "0.4.33"},
    ),
    "scikit-learn": (
        """System:
    python: 3.12.4 | packaged by conda-forge | (main, Jun 17 2024, 10:23:07) [GCC 12.3.0]
executable: /opt/env/bin/python
   machine: Linux-6.5.0-44-generic-x86_64-with-glibc2.35

Python dependencies:
      sklearn: 1.5.1
          pip: 24.0
   setuptools: 71.0.4
        numpy: 1.26.4
        scipy: 1.14.0
       Cython: None
       pandas: 2.2.2

Built with OpenMP: True
""",
        {"scikit-learn": "1.5.1", "numpy": "1.26.4", "scipy": "1.14.0"},
    ),
    "transformers": (
        """- `transformers` version: 4.44.2
- Platform: Linux-6.8.0-40-generic-x86_64-with-glibc2.39
- Python version: 3.11.9
- Huggingface_hub version: 0.24.6
- Safetensors version: 0.4.4
- Accelerate version: not installed
- PyTorch version (GPU?): 2.4.0+cu121 (True)
- Using distributed or parallel set-up in script?: no
""",
        {"transformers": "4.44.2", "python": "3.11.9", "pytorch": "2.4.0+cu121"},
    ),
    "diffusers": (
        """- 🤗 Diffusers version: 0.30.2
- Platform: macOS-14.6.1-arm64-arm-64bit
- Running on Google Colab?: No
- Python version: 3.10.14
- PyTorch version (GPU?): 2.4.0 (False)
- Huggingface_hub version: 0.24.6
- Transformers version: 4.44.2
- Accelerate version: 0.33.0
""",
        {"diffusers": "0.30.2", "transformers": "4.44.2"},
    ),
    "stable-diffusion": (
        """Python 3.10.6 (tags/v3.10.6:9c7b4bd, Aug  1 2022, 21:53:49) [MSC v.1932 64 bit (AMD64)]
Version: v1.10.1
Commit hash: 82a973c04367123ae98bd9abdf80d9eda9b910e2
Launching Web UI with arguments: --xformers --medvram
""",
        {"stable-diffusion": "v1.10.1"},
    ),
    "opencv": (
        """
General configuration for OpenCV 4.10.0 =====================================
  Version control:               4.10.0

  Platform:
    Timestamp:                   2024-06-17T17:57:44Z
    Host:                        Linux 5.15.0-1064-azure x86_64
    CMake:                       3.29.5
    CMake generator:             Unix Makefiles
    CMake build tool:            /bin/gmake
    Configuration:               Release

  C/C++:
    Built as dynamic libs?:      NO
    C++ Compiler:                /opt/rh/devtoolset-10/root/usr/bin/c++  (ver 10.2.1)
""",
        {"opencv": "4.10.0", "system": "Linux 5.15.0-1064-azure x86_64"},
    ),
    "mlflow": (
        """System information: Linux #58~20.04.1-Ubuntu SMP Thu Oct 13 13:09:46 UTC 2022
Python version: 3.8.13
MLflow version: 2.15.1
MLflow module location: /usr/local/lib/python3.8/site-packages/mlflow/__init__.py
Tracking URI: sqlite:///mlflow.db
Registry URI: sqlite:///mlflow.db
MLflow environment variables:
  MLFLOW_TRACKING_URI: sqlite:///mlflow.db
MLflow dependencies:
  Flask: 2.2.2
  numpy: 1.23.5
""",
        {"mlflow": "2.15.1", "python": "3.8.13"},
    ),
    "kubeflow": (
        """kfp                      2.8.0
kfp-pipeline-spec        0.3.0
kfp-server-api           2.0.5
Client Version: v1.30.3
Kustomize Version: v5.0.4-0.20230601165947-6ce0bf390ce3
Server Version: v1.29.6
""",
        {"kfp": "2.8.0", "kubernetes": "v1.29.6"},
    ),
    "airflow": (
        """
Apache Airflow
version                | 2.9.3
executor               | LocalExecutor
task_logging_handler   | airflow.utils.log.file_task_handler.FileTaskHandler
sql_alchemy_conn       | postgresql+psycopg2://airflow:******@postgres/airflow
dags_folder            | /opt/airflow/dags

System info
OS              | Linux
architecture    | x86_64
uname           | uname_result(system='Linux', node='4d6b', release='6.6.31', version='#1 SMP', machine='x86_64')
locale          | ('en_US', 'UTF-8')
python_version  | 3.12.4 (main, Jul 10 2024, 18:58:29) [GCC 12.2.0]
python_location | /usr/local/bin/python
""",
        {"airflow": "2.9.3", "system": "Linux"},
    ),
    "label-studio": (
        """Label Studio version: 1.13.1
{
  "release": "1.13.1",
  "label-studio-os-package": {
    "version": "1.13.1",
    "short_version": "1.13"
  }
}
""",
        {"label-studio": "1.13.1"},
    ),
    "great-expectations": ("great_expectations, version 0.18.19\n", {"great-expectations": "0.18.19"}),
    "llama-cpp": (
        """version: 3651 (8f1d81a0)
built with cc (Ubuntu 11.4.0-1ubuntu1~22.04) 11.4.0 for x86_64-linux-gnu
""",
        {"llama.cpp": "3651", "system": "x86_64-linux-gnu"},
    ),
    "llama-cpp-python": ("llama-cpp-python 0.2.90\n", {"llama-cpp-python": "0.2.90"}),
    "ollama": ("ollama version is 0.3.9\n", {"ollama": "0.3.9"}),
    "vllm": (
        """PyTorch version: 2.4.0+cu121
Is debug build: False
OS: Ubuntu 22.04.3 LTS (x86_64)
Python version: 3.10.14 (main, May  6 2024, 19:42:50) [GCC 11.2.0] (64-bit runtime)
Is CUDA available: True
ROCM Version: Could not collect
Neuron SDK Version: N/A
vLLM Version: 0.5.5@09c7792610ada9f88bbf87d32b472dd44bf23cc2
vLLM Build Flags:
CUDA Archs: Not Set; ROCm: Disabled; Neuron: Disabled
GPU Topology:
""",
        {"vllm": "0.5.5@09c7792610ada9f88bbf87d32b472dd44bf23cc2", "pytorch": "2.4.0+cu121"},
    ),
    "text-generation-inference": (
        """Runtime environment:
Target: x86_64-unknown-linux-gnu
Cargo version: 1.79.0
Commit sha: db7e043ded45e14ed24188d5a963911c96049618
Docker label: sha-db7e043
nvidia-smi:
""",
        {"commit": "db7e043ded45e14ed24188d5a963911c96049618", "cargo": "1.79.0"},
    ),
    "python": (
        "Python 3.12.5 (main, Aug 14 2024, 04:32:18) [Clang 18.1.8 ]\ncertifi==2024.7.4\n",
        {"python": "3.12.5"},
    ),
    "node": (
        """  System:
    OS: Linux 6.8 Ubuntu 24.04 LTS 24.04 LTS (Noble Numbat)
    CPU: (8) x64 AMD Ryzen 7 5800X 8-Core Processor
    Memory: 19.42 GB / 31.27 GB
  Binaries:
    Node: 20.16.0 - ~/.nvm/versions/node/v20.16.0/bin/node
    npm: 10.8.1 - ~/.nvm/versions/node/v20.16.0/bin/npm
""",
        {"node": "20.16.0", "npm": "10.8.1"},
    ),
    "rust": (
        """rustc 1.80.1 (3f5fd8dd4 2024-08-06)
binary: rustc
commit-hash: 3f5fd8dd41153bc5fdca9427e9e05be2c767ba23
commit-date: 2024-08-06
host: aarch64-apple-darwin
release: 1.80.1
LLVM version: 18.1.7
""",
        {"rust": "1.80.1", "system": "aarch64-apple-darwin"},
    ),
    "go": ("go version go1.22.6 linux/amd64\n", {"go": "go1.22.6", "system": "linux/amd64"}),
    "docker": (
        """Client: Docker Engine - Community
 Version:           27.1.2
 API version:       1.46
 Go version:        go1.21.13
 Git commit:        d01f264
 Built:             Mon Aug 12 11:50:12 2024
 OS/Arch:           linux/amd64
 Context:           default

Server: Docker Engine - Community
 Engine:
  Version:          27.1.2
  API version:      1.46 (minimum version 1.24)
""",
        {"docker": "27.1.2", "system": "linux/amd64"},
    ),
}

FURTHER: Final[dict[str, tuple[str, str, dict[str, str]]]] = {
    "vLLM since 0.9, with padding before the colons": (
        "vllm",
        """Collecting environment information...
==============================
        System Info
==============================
OS                           : Ubuntu 22.04.5 LTS (x86_64)
GCC version                  : (Ubuntu 11.4.0-1ubuntu1~22.04) 11.4.0
Clang version                : Could not collect

==============================
       PyTorch Info
==============================
PyTorch version              : 2.7.0+cu126
Is debug build               : False

==============================
      Python Environment
==============================
Python version               : 3.12.10 (main, Apr  9 2025, 08:55:05) [GCC 11.4.0] (64-bit runtime)

==============================
         vLLM Info
==============================
ROCM Version                 : Could not collect
Neuron SDK Version           : N/A
vLLM Version                 : 0.9.1
vLLM Build Flags:
  CUDA Archs: Not Set; ROCm: Disabled; Neuron: Disabled
GPU Topology:
  Could not collect
""",
        {"vllm": "0.9.1", "pytorch": "2.7.0+cu126", "system": "Ubuntu 22.04.5 LTS (x86_64)"},
    ),
    "the end of vLLM's, of a build from source": (
        "vllm",
        "vLLM Version                 : 0.23.1rc1.dev998+g88e5e2c57 (git sha: 88e5e2c57)\nvLLM Build Flags:\n",
        {"vllm": "0.23.1rc1.dev998+g88e5e2c57"},
    ),
    "TensorFlow built without git": ("tensorflow", "unknown 2.16.2\n", {"tensorflow": "2.16.2"}),
    "rustc alone": ("rust", "rustc 1.82.0-nightly (8269be147 2024-08-26)\n", {"rust": "1.82.0-nightly"}),
    "llama-cpp-python by pip show": (
        "llama-cpp-python",
        "Name: llama_cpp_python\nVersion: 0.2.90\nSummary: Python bindings for the llama.cpp library\n",
        {"llama-cpp-python": "0.2.90"},
    ),
    "Great Expectations by pip show": (
        "great-expectations",
        "Name: great-expectations\nVersion: 0.18.19\nSummary: Always know what to expect from your data.\n",
        {"great-expectations": "0.18.19"},
    ),
    "TensorFlow by pip show": ("tensorflow", "Name: tensorflow\nVersion: 2.16.1\n", {"tensorflow": "2.16.1"}),
    "Label Studio by pip show": ("label-studio", "Name: label-studio\nVersion: 1.13.1\n", {"label-studio": "1.13.1"}),
    "the web UI's sysinfo": (
        "stable-diffusion",
        """{
    "Platform": "Linux-6.8.0-40-generic-x86_64-with-glibc2.35",
    "Python": "3.10.6",
    "Version": "v1.10.1",
    "Commit": "82a973c04367123ae98bd9abdf80d9eda9b910e2",
    "Script path": "/opt/webui",
    "Data path": "/opt/webui",
    "Extensions dir": "/opt/webui/extensions",
    "Checksum": "0f6a0b1c0e2b9b1a6d5a8f1a2f9c2d1e0f6a0b1c0e2b9b1a6d5a8f1a2f9c2d1e",
    "Commandline": [
""",
        {
            "stable-diffusion": "v1.10.1",
            "python": "3.10.6",
            "system": "Linux-6.8.0-40-generic-x86_64-with-glibc2.35",
        },
    ),
    "the web UI's start without arguments": (
        "stable-diffusion",
        "Version: f2.0.1v1.10.1-previous-659-gc055f2d4\nLaunching Web UI with arguments: \n",
        {"stable-diffusion": "f2.0.1v1.10.1-previous-659-gc055f2d4"},
    ),
}
"""Other forms of it: title → (profile, what is printed, versions)."""
