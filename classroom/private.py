"""Exercises of a teacher's own: python -m classroom.private FOLDER"""

from classroom.hand_out.private import main

if __name__ == "__main__":
    main()
