"""Static split of forty branches."""

from metaflow import FlowSpec, step


class WideSplit(FlowSpec):
    @step
    def start(self):
        self.next(
            self.branch_00,
            self.branch_01,
            self.branch_02,
            self.branch_03,
            self.branch_04,
            self.branch_05,
            self.branch_06,
            self.branch_07,
            self.branch_08,
            self.branch_09,
            self.branch_10,
            self.branch_11,
            self.branch_12,
            self.branch_13,
            self.branch_14,
            self.branch_15,
            self.branch_16,
            self.branch_17,
            self.branch_18,
            self.branch_19,
            self.branch_20,
            self.branch_21,
            self.branch_22,
            self.branch_23,
            self.branch_24,
            self.branch_25,
            self.branch_26,
            self.branch_27,
            self.branch_28,
            self.branch_29,
            self.branch_30,
            self.branch_31,
            self.branch_32,
            self.branch_33,
            self.branch_34,
            self.branch_35,
            self.branch_36,
            self.branch_37,
            self.branch_38,
            self.branch_39,
        )

    @step
    def branch_00(self):
        self.number = 0
        self.next(self.join)

    @step
    def branch_01(self):
        self.number = 1
        self.next(self.join)

    @step
    def branch_02(self):
        self.number = 2
        self.next(self.join)

    @step
    def branch_03(self):
        self.number = 3
        self.next(self.join)

    @step
    def branch_04(self):
        self.number = 4
        self.next(self.join)

    @step
    def branch_05(self):
        self.number = 5
        self.next(self.join)

    @step
    def branch_06(self):
        self.number = 6
        self.next(self.join)

    @step
    def branch_07(self):
        self.number = 7
        self.next(self.join)

    @step
    def branch_08(self):
        self.number = 8
        self.next(self.join)

    @step
    def branch_09(self):
        self.number = 9
        self.next(self.join)

    @step
    def branch_10(self):
        self.number = 10
        self.next(self.join)

    @step
    def branch_11(self):
        self.number = 11
        self.next(self.join)

    @step
    def branch_12(self):
        self.number = 12
        self.next(self.join)

    @step
    def branch_13(self):
        self.number = 13
        self.next(self.join)

    @step
    def branch_14(self):
        self.number = 14
        self.next(self.join)

    @step
    def branch_15(self):
        self.number = 15
        self.next(self.join)

    @step
    def branch_16(self):
        self.number = 16
        self.next(self.join)

    @step
    def branch_17(self):
        self.number = 17
        self.next(self.join)

    @step
    def branch_18(self):
        self.number = 18
        self.next(self.join)

    @step
    def branch_19(self):
        self.number = 19
        self.next(self.join)

    @step
    def branch_20(self):
        self.number = 20
        self.next(self.join)

    @step
    def branch_21(self):
        self.number = 21
        self.next(self.join)

    @step
    def branch_22(self):
        self.number = 22
        self.next(self.join)

    @step
    def branch_23(self):
        self.number = 23
        self.next(self.join)

    @step
    def branch_24(self):
        self.number = 24
        self.next(self.join)

    @step
    def branch_25(self):
        self.number = 25
        self.next(self.join)

    @step
    def branch_26(self):
        self.number = 26
        self.next(self.join)

    @step
    def branch_27(self):
        self.number = 27
        self.next(self.join)

    @step
    def branch_28(self):
        self.number = 28
        self.next(self.join)

    @step
    def branch_29(self):
        self.number = 29
        self.next(self.join)

    @step
    def branch_30(self):
        self.number = 30
        self.next(self.join)

    @step
    def branch_31(self):
        self.number = 31
        self.next(self.join)

    @step
    def branch_32(self):
        self.number = 32
        self.next(self.join)

    @step
    def branch_33(self):
        self.number = 33
        self.next(self.join)

    @step
    def branch_34(self):
        self.number = 34
        self.next(self.join)

    @step
    def branch_35(self):
        self.number = 35
        self.next(self.join)

    @step
    def branch_36(self):
        self.number = 36
        self.next(self.join)

    @step
    def branch_37(self):
        self.number = 37
        self.next(self.join)

    @step
    def branch_38(self):
        self.number = 38
        self.next(self.join)

    @step
    def branch_39(self):
        self.number = 39
        self.next(self.join)

    @step
    def join(self, inputs):
        self.numbers = sorted(i.number for i in inputs)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    WideSplit()
