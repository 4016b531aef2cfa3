"""A parameter, a nightly schedule and four steps in a row: extract, transform, load."""

import datetime

from metaflow import FlowSpec, Parameter, schedule, step


@schedule(cron="0 2 * * *")  # 2 AM daily
class AirflowETLFlow(FlowSpec):
    """ETL pipeline as Airflow DAG."""

    date = Parameter("date", help="Date to process", default="2024-01-01")

    @step
    def start(self):
        """Say what is processed."""
        print(f"Processing data for {self.date}")
        self.next(self.extract)

    @step
    def extract(self):
        """Fetch the readings of the day."""
        self.raw_data = self.fetch_data(self.date)
        self.next(self.transform)

    @step
    def transform(self):
        """Drop what is missing, convert the rest."""
        self.clean_data = self.process(self.raw_data)
        self.next(self.load)

    @step
    def load(self):
        """Hand the rows over."""
        self.save_to_warehouse(self.clean_data)
        self.next(self.end)

    @step
    def end(self):
        """Nothing is left to do."""

    def fetch_data(self, date):
        """A temperature in degrees Fahrenheit for every hour; every sixth is missing."""
        day = datetime.date.fromisoformat(date).toordinal()
        return [
            {"hour": hour, "fahrenheit": None if hour % 6 == 5 else 32 + (day + hour) % 50}
            for hour in range(24)
        ]

    def process(self, rows):
        """The rows that have a reading, in degrees Celsius."""
        return [
            {"hour": row["hour"], "celsius": round((row["fahrenheit"] - 32) / 1.8, 1)}
            for row in rows
            if row["fahrenheit"] is not None
        ]

    def save_to_warehouse(self, rows):
        """Keep the rows under their date; the artifact stands in for a table."""
        self.warehouse = {self.date: rows}
        print(f"Saved {len(rows)} rows")


if __name__ == "__main__":
    AirflowETLFlow()
