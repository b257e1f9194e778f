# What of it was tried: docs/models/recipes.md, at the end.
FROM python:3.13-slim
WORKDIR /srv
COPY requirements.lock pyproject.toml README.md LICENSE ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY bot bot
COPY prompts prompts
RUN pip install --no-cache-dir --no-deps . && useradd --system --home-dir /data --create-home assistant
USER assistant
WORKDIR /data
ENV ASSISTANT_DATA_DIR=/data HOST=0.0.0.0 PORT=8080 LOG_FORMAT=json
EXPOSE 8080
CMD ["contribution-assistant", "serve"]
