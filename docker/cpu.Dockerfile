# docker build -t mmbarlow -f docker/cpu.Dockerfile .
# docker run --rm -v "$PWD:/data" -w /data mmbarlow pretrain photos
FROM python:3.12-slim
WORKDIR /opt/mmbarlow
COPY requirements requirements
# The build of torch without CUDA: 0.8 GB instead of 5.3.
RUN pip install --no-cache-dir -c requirements/constraints.txt torch torchvision \
    --index-url https://download.pytorch.org/whl/cpu
COPY . .
# mmcv wants the OpenCV with windows, whose libraries are not here: the headless one goes over it.
RUN pip install --no-cache-dir -c requirements/constraints.txt '.[formats,export]' && \
    pip install --no-cache-dir -c requirements/constraints.txt --no-deps --force-reinstall opencv-python-headless
ENTRYPOINT ["mmbarlow"]
CMD ["--help"]
