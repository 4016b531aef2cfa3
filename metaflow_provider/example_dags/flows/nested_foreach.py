"""A foreach in a foreach: every model is trained on every fold of the data."""

from statistics import mean, median

from metaflow import FlowSpec, Parameter, step


class NestedForeachFlow(FlowSpec):
    """Compare models by cross validation."""

    folds = Parameter("folds", help="Parts that the data is divided into", default=3)

    @step
    def start(self):
        """One branch for each model: a prediction that is the mean, or the median."""
        self.values = [1, 1, 2, 3, 5, 8, 13, 21, 34]
        self.models = ["mean", "median"]
        self.next(self.choose_folds, foreach="models")

    @step
    def choose_folds(self):
        """One branch for each fold of this model."""
        self.model = self.input
        self.parts = list(range(self.folds))
        self.next(self.train, foreach="parts")

    @step
    def train(self):
        """Predict the values of one fold from the others."""
        held_out = self.values[self.input :: self.folds]
        known = [value for i, value in enumerate(self.values) if i % self.folds != self.input]
        predicted = mean(known) if self.model == "mean" else median(known)
        self.error = mean(abs(value - predicted) for value in held_out)
        self.next(self.join_folds)

    @step
    def join_folds(self, inputs):
        """The model's mean error."""
        self.model = inputs[0].model
        self.error = mean(i.error for i in inputs)
        self.next(self.join_models)

    @step
    def join_models(self, inputs):
        """The model with the smallest error."""
        self.errors = {i.model: round(i.error, 2) for i in inputs}
        self.best = min(self.errors, key=self.errors.get)
        self.next(self.end)

    @step
    def end(self):
        """Show the winner."""
        print(f"Best of {self.errors}: {self.best}")


if __name__ == "__main__":
    NestedForeachFlow()
