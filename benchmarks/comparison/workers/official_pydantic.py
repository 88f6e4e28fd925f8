"""The official package's own model, decoded by pydantic in its quickest way, which the package does not take."""

from official import connect
from openrouter.components import TaskClassificationResponse
from worker import main

if __name__ == "__main__":
    main(connect, TaskClassificationResponse.model_validate_json)
