"""@project: its tags, and what the steps see of it."""

from metaflow import FlowSpec, current, project, step


@project(name="conformance")
class InProject(FlowSpec):
    @step
    def start(self):
        self.seen = (
            current.project_name,
            current.branch_name,
            current.project_flow_name,
            current.is_production,
            current.is_user_branch,
        )
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    InProject()
